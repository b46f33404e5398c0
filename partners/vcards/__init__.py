"""vCards: RFC 6350 (4.0) out; 2.1, 3.0 and 4.0 in, as telephones and mail programs really write them."""
