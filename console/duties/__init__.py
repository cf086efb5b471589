"""What people owe: whose it is, what comes first, who hears that it is late, and how much it is."""
