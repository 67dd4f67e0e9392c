"""Signs of life, troubles and readiness: what tells operators how the service is doing."""
