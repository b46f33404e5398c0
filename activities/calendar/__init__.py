"""Days that come back, days that end, and what stands on which day."""
