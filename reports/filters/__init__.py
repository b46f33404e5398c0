"""What lists and their exports are filtered by, one module for each noun."""
