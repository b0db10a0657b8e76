"""What was found in recordings, in the forms that people, editors and build servers read."""
