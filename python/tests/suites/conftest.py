"""The suites in `programs` are tests of PySpark's users: they run in processes of their own, by `test_suites.py`."""

collect_ignore = ["programs"]
