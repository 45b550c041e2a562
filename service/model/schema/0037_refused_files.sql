-- Which file of a work could not be prepared: a reason's code.
ALTER TABLE original ADD COLUMN refusal TEXT;
