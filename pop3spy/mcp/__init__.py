"""Recordings of one folder for a program that asks in the Model Context Protocol, on stdio.

``folder`` finds and opens recordings, ``answers`` makes of what is in them what may be told, and
``server`` has the tools.  Nothing is written, and nothing outside the folder is read.
"""
