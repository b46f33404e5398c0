"""Scenarios that an office runs against a test server before it connects for real."""
