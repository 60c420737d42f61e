"""People in calls are asked to prove the account that they are there with; beside any score."""
