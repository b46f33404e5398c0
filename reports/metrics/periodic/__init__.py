"""The figures of periodic reports: what each counts, over which rows, and what has changed since a report was issued.

Definitions that hold for all of them: an exchange counts once, by its first day, when it was held and is in use; a meeting inside
a delegation belongs to the delegation and counts nowhere by itself; restricted rows count in no figure, for any reader. An
exchange of two units is one in the total and one in each unit's own. Where nothing was on record there is no figure, not 0.
"""
