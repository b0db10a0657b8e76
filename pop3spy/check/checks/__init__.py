"""The checks, a module for each group or a part of one; every module here is loaded."""
