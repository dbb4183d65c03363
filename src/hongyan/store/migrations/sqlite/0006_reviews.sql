-- Qualifications, signatures and templates on their way through review.
SELECT 1;
