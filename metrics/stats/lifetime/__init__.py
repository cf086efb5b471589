"""What a customer is worth over time: models of buying and spending, and how well they foretell."""
