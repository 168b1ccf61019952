"""What several tasks of the system use."""
