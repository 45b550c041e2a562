/* A sheet of paper with a few lines and a QR code: receipts and certificates, as PNG for phones and PDF for printers. Text
 * is broken by Pango, in the installed CJK font. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct sheet_line {
    const char *text;
    double size_pt;
    bool is_strong;
};

struct sheet {
    const struct sheet_line *lines;
    size_t count;
    const char *address; /* what the QR code says */
    const char *caption; /* below it */
    double qr_pt;        /* its side; 0: 130 */
};

/* NULL with *error: REASON_INTERNAL. */
GBytes *sheet_png(const struct sheet *sheet, GError **error);
GBytes *sheet_pdf(const struct sheet *sheet, GError **error);
/* The QR code alone, black on white with its quiet zone, as SVG. NULL with REASON_INTERNAL. */
GString *sheet_qr_svg(const char *address, GError **error);
