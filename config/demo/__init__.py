"""The demonstration: invented partners, people and exchanges, every row marked ``is_demo``.

What is invented stands in ``data/``, to be read and changed by anyone. Days count back from today, so that desks look
alive; everything else is decided by a fixed seed, so that two loads on one day give the same rows.
"""
