// Every public page of a service that has the demo's data: a name and a path each. Whether a certificate is real is told by the
// code of a published work, which a receipt has.
export async function publicPages(url, [receipt] = []) {
  const get = async (path) => (await fetch(url + path)).json()
  const works = (await get('/api/v1/works')).items
  const of = (test) => works.find(test).id
  const [collection] = (await get('/api/v1/collections')).items
  const { edition } = await get('/api/v1/rules')
  const portrait = of((one) => one.sources.length > 0 && one.width < one.height)
  return {
    home: '/', works: '/works', search: '/search?q=读', 'search-nothing': '/search?q=没有的', city: '/city/370100', calendar: '/calendar',
    track: '/tracks/family-video', 'track-photos': '/tracks/life-photo', collections: '/collections', collection: `/collections/${collection.id}`,
    archive: '/archive', edition: `/archive/${edition.key}`, 'work-portrait': `/v/${portrait}`,
    'work-landscape': `/v/${of((one) => one.width > one.height && one.photos.length === 0)}`, photos: `/v/${of((one) => one.photos.length > 0)}`,
    embed: `/embed/${portrait}`, kiosk: '/kiosk/370000', notices: '/notice', submit: '/submit?c=370102', status: '/status', help: '/help',
    a11y: '/a11y', privacy: '/privacy', licence: '/licence', gone: '/nothing-here',
    ...(receipt === undefined ? {} : { certificate: `/c/${receipt.code}` }),
  }
}
