"""Long stories between HubSpot's connector and an emulated portal, told to the end."""
