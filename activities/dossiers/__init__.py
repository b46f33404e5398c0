"""The dossier of a hand-over: what the receiver needs to go on, as a Word file."""
