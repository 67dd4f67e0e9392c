"""What one reader's issue says, and how it looks: picks → HTML and text."""
