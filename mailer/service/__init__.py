"""What goes on by itself: the scheduler, its jobs, and workers on other machines."""
