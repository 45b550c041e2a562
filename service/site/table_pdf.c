/* A table on paper, by Pango and Cairo: A4 landscape, heads and page number on every page, cells broken as Chinese is. */
#include <cairo-pdf.h>
#include <cairo.h>
#include <pango/pangocairo.h>

#include "common/failure.h"
#include "service/site/table_driver.h"

#define WIDTH_PT  841.89 /* A4 landscape */
#define HEIGHT_PT 595.28
#define MARGIN_PT 30.0
#define PAD_PT    3.0
#define CELL_PT   8.5
#define TITLE_PT  16.0
#define FOOT_PT   7.5
#define FONT      "Noto Sans CJK SC"

struct file {
    const struct table_head *head;
    GByteArray *bytes;
    cairo_surface_t *surface;
    cairo_t *cairo;
    PangoLayout *layouts[TABLE_COLUMNS_MOST];
    PangoLayout *line;
    double widths[TABLE_COLUMNS_MOST];
    double top;
    int page;
};

static cairo_status_t take(void *context, const unsigned char *bytes, unsigned int length)
{
    (void)g_byte_array_append(context, bytes, length); /* the same array */
    return CAIRO_STATUS_SUCCESS;
}

static PangoLayout *layout_new(cairo_t *cairo, double width)
{
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    PangoAttrList *attributes = pango_attr_list_new();

    /* digests are compared letter by letter: no hyphen that is not there, no letters drawn as one */
    pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
    pango_attr_list_insert(attributes, pango_attr_font_features_new("liga=0"));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    return layout;
}

static void set_text(PangoLayout *layout, const char *text, double size, bool is_strong)
{
    PangoFontDescription *font = pango_font_description_from_string(FONT);

    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_font_description_set_weight(font, is_strong ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, text == NULL ? "" : text, -1);
    pango_font_description_free(font);
}

static double height_of(PangoLayout *layout)
{
    int height = 0;

    pango_layout_get_pixel_size(layout, NULL, &height);
    return height;
}

static void draw_line(struct file *file, const char *text, double size, bool is_strong)
{
    set_text(file->line, text, size, is_strong);
    cairo_move_to(file->cairo, MARGIN_PT, file->top);
    pango_cairo_show_layout(file->cairo, file->line);
    file->top += height_of(file->line) + 2;
}

/* Sets the texts of a row and tells its height. */
static double set_row(struct file *file, const char *const *cells, bool is_strong)
{
    double height = 0;

    for (size_t i = 0; i < file->head->column_count; i++) {
        set_text(file->layouts[i], cells[i], CELL_PT, is_strong);
        height = MAX(height, height_of(file->layouts[i]));
    }
    return height + 2 * PAD_PT;
}

static void draw_row(struct file *file, double height, bool is_head)
{
    double left = MARGIN_PT;

    for (size_t i = 0; i < file->head->column_count; i++) {
        cairo_rectangle(file->cairo, left, file->top, file->widths[i], height);
        if (is_head) {
            cairo_set_source_rgb(file->cairo, 0.95, 0.93, 0.9);
            cairo_fill_preserve(file->cairo);
        }
        cairo_set_source_rgb(file->cairo, 0.4, 0.4, 0.4);
        cairo_stroke(file->cairo);
        cairo_set_source_rgb(file->cairo, 0, 0, 0);
        cairo_move_to(file->cairo, left + PAD_PT, file->top + PAD_PT);
        pango_cairo_show_layout(file->cairo, file->layouts[i]);
        left += file->widths[i];
    }
    file->top += height;
}

static void begin_page(struct file *file)
{
    const char *names[TABLE_COLUMNS_MOST];

    file->page++;
    file->top = MARGIN_PT;
    cairo_set_line_width(file->cairo, 0.5);
    if (file->page == 1) {
        draw_line(file, file->head->title, TITLE_PT, true);
        for (const char *const *line = file->head->lines; line != NULL && *line != NULL; line++) {
            draw_line(file, *line, CELL_PT, false);
        }
        file->top += 4;
    }
    for (size_t i = 0; i < file->head->column_count; i++) {
        names[i] = file->head->columns[i].name;
    }
    draw_row(file, set_row(file, names, true), true);
}

static void end_page(struct file *file)
{
    g_autofree char *foot =
        g_strdup_printf("%s　第 %d 页", file->head->foot == NULL ? "" : file->head->foot, file->page);

    file->top = HEIGHT_PT - MARGIN_PT + 8;
    draw_line(file, foot, FOOT_PT, false);
    cairo_show_page(file->cairo);
}

static void *pdf_open(const struct table_head *head, GError **error)
{
    struct file *file = g_new0(struct file, 1);
    double all = 0;

    (void)error; /* a surface that cannot be drawn on says so when it is finished */
    file->head = head;
    file->bytes = g_byte_array_new();
    file->surface = cairo_pdf_surface_create_for_stream(take, file->bytes, WIDTH_PT, HEIGHT_PT);
    file->cairo = cairo_create(file->surface);
    file->line = layout_new(file->cairo, WIDTH_PT - 2 * MARGIN_PT);
    for (size_t i = 0; i < head->column_count; i++) {
        all += head->columns[i].width;
    }
    for (size_t i = 0; i < head->column_count; i++) {
        file->widths[i] = (WIDTH_PT - 2 * MARGIN_PT) * head->columns[i].width / all;
        file->layouts[i] = layout_new(file->cairo, file->widths[i] - 2 * PAD_PT);
    }
    begin_page(file);
    return file;
}

static void pdf_row(void *context, const char *const *cells)
{
    struct file *file = context;
    double height = set_row(file, cells, false);

    if (file->top + height > HEIGHT_PT - MARGIN_PT) {
        end_page(file);
        begin_page(file);
        height = set_row(file, cells, false); /* the heads stood in the same layouts */
    }
    draw_row(file, height, false);
}

static GBytes *pdf_close(void *context, GError **error)
{
    struct file *file = context;
    GBytes *bytes = NULL;

    end_page(file);
    for (size_t i = 0; i < file->head->column_count; i++) {
        g_object_unref(file->layouts[i]);
    }
    g_object_unref(file->line);
    const bool drawn = cairo_status(file->cairo) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(file->cairo);
    cairo_surface_finish(file->surface);
    if (drawn && cairo_surface_status(file->surface) == CAIRO_STATUS_SUCCESS) {
        bytes = g_byte_array_free_to_bytes(file->bytes);
    } else {
        g_byte_array_unref(file->bytes);
        g_set_error_literal(error, SITE_ERROR, REASON_INTERNAL, "the table could not be drawn");
    }
    cairo_surface_destroy(file->surface);
    g_free(file);
    return bytes;
}

const struct table_driver table_pdf = {
    .type = "application/pdf",
    .open = pdf_open,
    .row = pdf_row,
    .close = pdf_close,
};
