"""People are asked to show that a camera sees them: rules, orders, and what is under way."""
