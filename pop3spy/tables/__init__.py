"""Sessions, exchanges and findings as flat rows, for engines that read many files at once.

``columns`` is the schema; rows are made as lines of JSON (``row_lines``), whoever keeps them; and
``parquet`` makes files of such lines.  ``docs/schema.md`` is generated from the columns.
"""
