"""The rules that come with the program: a module for each group, or a part of one.

Every module here is loaded.  The group of a rule is the first word of its module's name.
"""
