"""Evolution with leads of finite memory, by auxiliary modes."""
