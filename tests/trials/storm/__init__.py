"""The storm: webhooks of every sort at once, deaths in the middle, and the books afterwards."""
