/* What can be set on a NIC: its media, MTU, station address and address filter. */
#include <errno.h>
#include <string.h>

#include "nic.h"

/* ---- media ---- */

static const struct {
  enum nic_media media;
  const char *name;
} media_names[] = {
    {NIC_MEDIA_AUTO, "auto"},         {NIC_MEDIA_10_HALF, "10-half"},
    {NIC_MEDIA_10_FULL, "10-full"},   {NIC_MEDIA_100_HALF, "100-half"},
    {NIC_MEDIA_100_FULL, "100-full"}, {NIC_MEDIA_1000_FULL, "1000-full"},
};

const char *nic_media_name(enum nic_media media) {
  for (size_t i = 0; i < sizeof media_names / sizeof *media_names; i++) {
    if (media_names[i].media == media)
      return media_names[i].name;
  }
  return "?";
}

const char *nic_link_name(enum nic_link_status status) {
  static const char *const names[] = {"invalid", "inactive", "active"};

  return names[status];
}

int nic_set_media(struct nic *nic, enum nic_media media) {
  if (nic->state < NIC_STARTED)
    return -EPERM;
  if ((media & (media - 1)) != 0 || (media & nic->ops->caps.media) == 0)
    return -EINVAL;
  nic->media = media;
  if (nic->ops->set_media != NULL)
    nic->ops->set_media(nic, media);
  return 0;
}

/* ---- MTU and station address ---- */

uint16_t nic_mtu_max(const struct nic *nic) {
  uint16_t buffer = (uint16_t)(nic->config->pool.buffer_size - ETH_HEADER_BYTES - ETH_TAG_BYTES);

  return nic->mtu_max < buffer ? nic->mtu_max : buffer;
}

int nic_set_mtu(struct nic *nic, uint16_t mtu) {
  if (mtu < NIC_MTU_MIN || mtu > nic_mtu_max(nic))
    return -EINVAL;
  nic->mtu = mtu;
  return 0;
}

int nic_set_mac(struct nic *nic, const uint8_t mac[ETH_ADDRESS_BYTES]) {
  static const uint8_t zeros[ETH_ADDRESS_BYTES];

  if (nic->state == NIC_ENABLED || nic->state == NIC_LOW)
    return -EBUSY;
  if ((mac[0] & 1) != 0 || memcmp(mac, zeros, sizeof zeros) == 0)
    return -EINVAL;
  memcpy(nic->mac, mac, sizeof nic->mac);
  return 0;
}

/* ---- address filter ---- */

static void apply_filter(struct nic *nic) {
  if (nic->state == NIC_ENABLED && nic->ops->set_filter != NULL)
    nic->ops->set_filter(nic);
}

int nic_set_promiscuous(struct nic *nic, bool on) {
  if (on && !nic->ops->caps.promiscuous)
    return -ENOTSUP;
  nic->filter.promiscuous = on;
  apply_filter(nic);
  return 0;
}

void nic_set_all_multicast(struct nic *nic, bool on) {
  nic->filter.all_multicast = on;
  apply_filter(nic);
}

static int find_group(const struct nic_filter *filter, const uint8_t group[ETH_ADDRESS_BYTES]) {
  for (unsigned i = 0; i < filter->group_count; i++) {
    if (memcmp(filter->groups[i], group, ETH_ADDRESS_BYTES) == 0)
      return (int)i;
  }
  return -1;
}

int nic_join_group(struct nic *nic, const uint8_t group[ETH_ADDRESS_BYTES]) {
  struct nic_filter *filter = &nic->filter;
  int found = find_group(filter, group);

  if ((group[0] & 1) == 0)
    return -EINVAL;
  if (found >= 0 && filter->members[found] != UINT8_MAX) {
    filter->members[found]++;
    return 0;
  }
  if (filter->group_count < NIC_GROUPS_MAX) {
    memcpy(filter->groups[filter->group_count], group, ETH_ADDRESS_BYTES);
    filter->members[filter->group_count++] = 1;
  } else {
    filter->unlisted++;
  }
  apply_filter(nic);
  return 0;
}

int nic_leave_group(struct nic *nic, const uint8_t group[ETH_ADDRESS_BYTES]) {
  struct nic_filter *filter = &nic->filter;
  int found = find_group(filter, group);

  if (found < 0) {
    if (filter->unlisted == 0)
      return -ENOENT;
    filter->unlisted--;
  } else if (--filter->members[found] == 0) {
    unsigned last = --filter->group_count; /* the last one moves into the gap */

    memmove(filter->groups[found], filter->groups[last], ETH_ADDRESS_BYTES);
    filter->members[found] = filter->members[last];
  }
  apply_filter(nic);
  return 0;
}

bool nic_group_passes(const struct nic *nic, const uint8_t group[ETH_ADDRESS_BYTES]) {
  const struct nic_filter *filter = &nic->filter;

  return filter->promiscuous || filter->all_multicast || filter->unlisted != 0 ||
         find_group(filter, group) >= 0;
}
