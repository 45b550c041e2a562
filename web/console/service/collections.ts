// Collections of published works.

import { readItems } from './common'
import { request } from './request'

export interface CollectionTexts {
  title: string
  words: string
  is_featured: boolean
  is_public: boolean
}

export interface Collection extends CollectionTexts {
  id: string
  works: number
  url: string
}

export interface ChosenWork {
  id: string
  title: string
  state: string
}

export const readCollections = (): Promise<Collection[]> => readItems('editor/collections')

export const addCollection = (collection: CollectionTexts): Promise<{ id: string }> =>
  request('POST', 'editor/collections', collection)

export const changeCollection = (id: string, collection: CollectionTexts): Promise<void> =>
  request('PUT', `editor/collections/${id}`, collection)

export const removeCollection = (id: string): Promise<void> => request('DELETE', `editor/collections/${id}`)

export const readCollectionWorks = (id: string): Promise<ChosenWork[]> => readItems(`editor/collections/${id}/works`)

export const setCollectionWorks = (id: string, works: string[]): Promise<void> =>
  request('PUT', `editor/collections/${id}/works`, { works })
