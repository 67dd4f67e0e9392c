"""An issue as a message: headers and encoded parts → RFC 5322 bytes, signed."""
