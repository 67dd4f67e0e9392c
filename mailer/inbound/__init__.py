"""What comes back as mail: bounces and complaints, parsed and acted on."""
