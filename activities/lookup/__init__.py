"""What the words of a line name: partners, places, fields, kinds and colleagues, found with a fixed number of queries."""
