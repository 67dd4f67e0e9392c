"""The outbox transport (``outbox:``): messages become files of a folder, and leave nothing."""
