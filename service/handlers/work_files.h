/* The files of a work as API and pages show them: photos by position, each once; clips by position where the work has
 * several files; and what stands for the whole work, which is its first clip's. */
#pragma once

#include <glib.h>
#include <jansson.h>

#include "common/message.h"

/* A rendition as API and pages know it: borrowed from a row, or from a publication's lines. */
struct shown_file {
    const char *kind;
    const char *name;
    const char *type;
    int64_t bytes;
    int64_t width; /* of pictures; 0 of others */
    int64_t height;
    const char *codecs; /* RFC 6381; "" of what is no rung */
};

struct work_files {
    json_t *photos[MESSAGE_INPUTS_MOST];
    json_t *clips[MESSAGE_INPUTS_MOST];
    json_t *captions;
    const json_t *each; /* facts of the files; NULL: there is one */
    size_t lead;        /* work_files_lead() */
};

/* Position of the file that stands for the whole work: the first clip's, or 1. */
size_t work_files_lead(const json_t *facts);
/* Positions of its clips: [1] where it has one file. The caller's. */
json_t *work_files_clips(const json_t *facts);

/* `facts` of the revision (borrowed until the close), `captions` as its row has them; NULL: none. */
void work_files_open(struct work_files *files, const json_t *facts, const char *captions);
/* A rendition of kind "photo": its largest JPEG is the picture, the smaller ones are for narrow screens. */
void work_files_add_photo(struct work_files *files, const struct shown_file *file, const char *address);
/* The clip that a rendition belongs to, {position, caption, duration_ms, width, height}, for the caller to add to. NULL
 * where the work has one file, or the rendition is of none. */
json_t *work_files_clip(struct work_files *files, const struct shown_file *file);
/* Does it stand for the whole work? */
bool work_files_leads(const struct work_files *files, const struct shown_file *file);
/* Sets "photos" and "clips" of the work, in the order of the files. */
void work_files_close(struct work_files *files, json_t *work);

/* struct shown_file of a publication's lines (schema/0035), smallest first: old phones take the first source they can play.
 * Their texts lie in `lines`, which is written into and has to outlive them; the array is the caller's. */
GArray *work_files_cut(char *lines);
/* Reads sizes and codecs out of a rendition's facts: one object as jobs write it, flat and without blanks. Of parsing such as JSON
 * a list of 24 works had a fifth of its time. `facts` is cut behind the codecs, which are borrowed from it. */
void shown_file_read_facts(struct shown_file *file, char *facts);
/* {src, type, codecs, width, height, bytes}; the caller's. */
json_t *work_source_json(const struct shown_file *file, const char *address);
