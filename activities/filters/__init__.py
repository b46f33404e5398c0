"""What lists, their API and their exports are filtered by, one module for each noun."""
