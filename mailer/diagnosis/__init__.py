"""What ``newsletter doctor`` examines before mail goes out; each finding says what to do."""
