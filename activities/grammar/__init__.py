"""The small grammar of the line in which an exchange is logged. Pure functions over text; docs/logging-grammar.md explains it.

Nothing here asks the database: ``activities.lookup`` finds the partners, places and fields that the words name.
"""
