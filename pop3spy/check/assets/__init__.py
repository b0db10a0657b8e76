"""What the pages of audits look like beyond the look of reports: a style sheet, and templates."""
