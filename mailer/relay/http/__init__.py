"""What transports by a provider's HTTP API share: requests in two steps, and their answers."""
