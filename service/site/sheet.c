#include "service/site/sheet.h"

#include <string.h>

#include <cairo-pdf.h>
#include <cairo.h>
#include <pango/pangocairo.h>
#include <qrencode.h>

#include "common/failure.h"

#define WIDTH_PT      420.0 /* A5 */
#define HEIGHT_PT     595.0
#define MARGIN_PT     36.0
#define QR_PT         130.0
#define GAP_PT        10.0
#define PNG_SCALE     2.0 /* 840 x 1190 pixels: as wide as a phone's screen */
#define QUIET_MODULES 4   /* ISO/IEC 18004 §9.1 */
#define FONT          "Noto Sans CJK SC"

static double draw_text(cairo_t *cairo, const struct sheet_line *line, double top)
{
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    PangoFontDescription *font = pango_font_description_from_string(FONT);
    int height = 0;

    pango_font_description_set_absolute_size(font, line->size_pt * PANGO_SCALE);
    pango_font_description_set_weight(font, line->is_strong ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_width(layout, (int)((WIDTH_PT - 2 * MARGIN_PT) * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
    pango_layout_set_text(layout, line->text, -1);
    pango_layout_get_pixel_size(layout, NULL, &height);
    cairo_move_to(cairo, MARGIN_PT, top);
    pango_cairo_show_layout(cairo, layout);
    pango_font_description_free(font);
    g_object_unref(layout);
    return top + height + GAP_PT;
}

static bool draw_qr(cairo_t *cairo, const char *address, double size, double top)
{
    QRcode *code = QRcode_encodeString(address, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    if (code == NULL) {
        return false;
    }
    const double step = size / code->width;
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width; x++) {
            if ((code->data[y * code->width + x] & 1) != 0) {
                cairo_rectangle(cairo, (WIDTH_PT - size) / 2 + x * step, top + y * step, step, step);
            }
        }
    }
    cairo_fill(cairo);
    QRcode_free(code);
    return true;
}

static bool draw(cairo_t *cairo, const struct sheet *sheet)
{
    const struct sheet_line caption = {sheet->caption, 12, false};
    double top = MARGIN_PT + 12;

    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_set_source_rgb(cairo, 0.71, 0.15, 0.1);
    cairo_set_line_width(cairo, 3);
    cairo_rectangle(cairo, 16, 16, WIDTH_PT - 32, HEIGHT_PT - 32);
    cairo_stroke(cairo);
    cairo_set_source_rgb(cairo, 0.1, 0.1, 0.1);
    for (size_t i = 0; i < sheet->count; i++) {
        top = draw_text(cairo, &sheet->lines[i], top);
    }
    const double size = sheet->qr_pt > 0 ? sheet->qr_pt : QR_PT;
    const double qr_top = HEIGHT_PT - MARGIN_PT - size - 30;
    if (!draw_qr(cairo, sheet->address, size, qr_top)) {
        return false;
    }
    (void)draw_text(cairo, &caption, qr_top + size + 6); /* the last */
    return cairo_status(cairo) == CAIRO_STATUS_SUCCESS;
}

static cairo_status_t take(void *context, const unsigned char *bytes, unsigned int length)
{
    (void)g_byte_array_append(context, bytes, length); /* the same array */
    return CAIRO_STATUS_SUCCESS;
}

static GBytes *fail(GByteArray *bytes, GError **error)
{
    g_byte_array_unref(bytes);
    g_set_error_literal(error, SITE_ERROR, REASON_INTERNAL, "cannot draw the sheet");
    return NULL;
}

GBytes *sheet_png(const struct sheet *sheet, GError **error)
{
    GByteArray *bytes = g_byte_array_new();
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(WIDTH_PT * PNG_SCALE), (int)(HEIGHT_PT * PNG_SCALE));
    cairo_t *cairo = cairo_create(surface);

    cairo_scale(cairo, PNG_SCALE, PNG_SCALE);
    const bool drawn =
        draw(cairo, sheet) && cairo_surface_write_to_png_stream(surface, take, bytes) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return drawn ? g_byte_array_free_to_bytes(bytes) : fail(bytes, error);
}

GBytes *sheet_pdf(const struct sheet *sheet, GError **error)
{
    GByteArray *bytes = g_byte_array_new();
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take, bytes, WIDTH_PT, HEIGHT_PT);
    cairo_t *cairo = cairo_create(surface);
    bool drawn = draw(cairo, sheet);

    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    drawn = drawn && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(surface);
    return drawn ? g_byte_array_free_to_bytes(bytes) : fail(bytes, error);
}

GString *sheet_qr_svg(const char *address, GError **error)
{
    QRcode *code = QRcode_encodeString(address, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    if (code == NULL) {
        g_set_error_literal(error, SITE_ERROR, REASON_INTERNAL, "no QR code");
        return NULL;
    }
    const int side = code->width + 2 * QUIET_MODULES;
    GString *svg = g_string_new(NULL);
    g_string_printf(svg,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
                    "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
                    side, side, side, side);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width; x++) {
            if ((code->data[y * code->width + x] & 1) != 0) {
                g_string_append_printf(svg, "M%d %dh1v1h-1z", x + QUIET_MODULES, y + QUIET_MODULES);
            }
        }
    }
    QRcode_free(code);
    return g_string_append(svg, "\"/></svg>");
}
