"""The station daemon: plays the plan on the second and writes down what really went out."""
