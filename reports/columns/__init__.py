"""The columns of the lists, one module for each noun."""
