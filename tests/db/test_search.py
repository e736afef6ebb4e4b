"""The tests of search: every query finds exactly what a scan of the folded fields finds."""
