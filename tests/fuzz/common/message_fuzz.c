/* Job messages from the network: any JSON object must be read or refused, without a leak. The first byte chooses. */
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    json_auto_t *json = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
    struct claim_message claim = {0};
    struct offer_message offer = {0};
    struct finish_message finish = {0};
    struct fail_message fail = {0};
    struct place_message place = {0};
    struct placed_message placed = {0};

    if (json == NULL) {
        return 0;
    }
    switch (data[0] % 6) {
    case 0:
        (void)claim_message_read(json, &claim, NULL);
        claim_message_clear(&claim);
        break;
    case 1:
        (void)offer_message_read(json, &offer, NULL);
        offer_message_clear(&offer);
        break;
    case 2:
        (void)finish_message_read(json, &finish, NULL);
        finish_message_clear(&finish);
        break;
    case 3:
        (void)place_message_read(json, &place, NULL);
        place_message_clear(&place);
        break;
    case 4:
        (void)placed_message_read(json, &placed, NULL);
        placed_message_clear(&placed);
        break;
    default:
        (void)fail_message_read(json, &fail, NULL);
        fail_message_clear(&fail);
        break;
    }
    return 0;
}
