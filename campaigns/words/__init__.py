"""What our messages say: templates and revisions, Liquid, each customer's finished letter."""
