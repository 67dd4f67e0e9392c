"""What comes back as mail: bounces and complaints."""
