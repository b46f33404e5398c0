"""Which column of a list is which field of an agreement or a commitment, and how its words are read."""
