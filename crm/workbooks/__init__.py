"""Offline workbooks: a unit's own data as .xlsx with row keys and revisions, worked on for a week, and merged when it comes back.

``sheets``: what each noun puts in and takes out, registered by its app. ``writing`` and ``reading``: the file itself.
``plans``: what a row that came back means. ``uploads`` and ``jobs``: its way from the file into the records.
"""
