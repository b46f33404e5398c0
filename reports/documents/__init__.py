"""Papers made of figures: Word files and workbooks."""
