"""What may be shown: secrets are found, remembered and hidden before anything is handed on."""
