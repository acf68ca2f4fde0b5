"""Test files that were written for PySpark."""
