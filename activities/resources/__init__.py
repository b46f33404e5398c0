"""Lists that bring agreements and commitments, row by row."""
