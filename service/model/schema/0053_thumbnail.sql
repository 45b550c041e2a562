-- Small copies of posters, as JPEG and WebP, are shown in lists; works of before have none, and keep their poster there.
DROP VIEW revision_renditions;
